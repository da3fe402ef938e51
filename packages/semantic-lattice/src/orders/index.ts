export { MacNeilleCompletion } from './macneille-completion.js';
export { type CompletionOptions, Order, type OrderWidth } from './order.js';
export { orderOf } from './order-of.js';
