export { Budget, type BudgetLimits, type Stoppable } from './budget.js';
