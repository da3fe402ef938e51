export {
  clearStatusBit,
  decodeBitstring,
  encodeBitstring,
  setStatusBit,
  statusBit,
  statusListBits,
} from './bitstring.js';
export { type StatusList, StatusSnapshot } from './status-snapshot.js';
