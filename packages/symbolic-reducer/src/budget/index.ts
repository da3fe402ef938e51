export { Budget, type BudgetLimits, type Stoppable } from './budget.js';
export { keepShape } from './kept-shapes.js';
