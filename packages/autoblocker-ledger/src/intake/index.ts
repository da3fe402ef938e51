export { type EventSender, HttpIntake, type HttpIntakeOptions } from './http-intake.js';
