export {
  defineRulesPlugin,
  materialisePlugin,
  queryPatternPlugin,
  stateDigestPlugin,
  transactFactsPlugin,
} from './fact-plugins.js';
export { LatticeService, type LatticeServiceOptions } from './lattice-service.js';
export { loadOntologyPlugin } from './ontology-plugins.js';
export { completeLatticePlugin, queryCompletionPlugin, queryOrderPlugin } from './order-plugins.js';
export { certifyFactPlugin, checkCertificatePlugin, explainFactPlugin } from './proof-plugins.js';
