export {
  CrossDomainDetector,
  crossDomainMemoryMs,
  crossDomainNumbers,
  crossDomainRule,
} from './cross-domain.js';
