export { AccessKeys, accessKey, holderName } from './access-keys.js';
export { type ListenAddress, type ListeningServer, listen } from './listen.js';
