export type { Precision } from './alarms.js';
export {
  createTcpProxy,
  type TcpProxy,
  type TcpProxyChange,
  type TcpProxyOptions,
  type TcpProxyStatistics,
} from './tcp-proxy.js';
export type { Toxic, ToxicChange, ToxicSpec, ToxicStream, ToxicType } from './toxic.js';
export { startToxiproxyServer, type ToxiproxyServer, type ToxiproxyServerOptions } from './toxiproxy-server.js';
