// What was decided about a target, and how a decision comes about: a proposal goes through the rails and is decided,
// extended, held for review, or refused.

import { z } from 'zod';
import { type BlockTarget, type SecurityEvent, wellFormedText } from '../events/index.js';
import type { RailCode } from './safety-rails.js';

/** What is done to a target. */
export type BlockAction = 'ban' | 'captcha' | 'throttle' | 'observe';

/** Where a decision stands. */
export type DecisionState = 'active' | 'pending-review' | 'revoked' | 'expired';

/** One decision of the ledger. */
export interface Decision {
  /** Index of its entry in the ledger. */
  readonly id: bigint;
  readonly target: BlockTarget;
  readonly action: BlockAction;
  /** The domains that it holds for. */
  readonly domains: 'all' | readonly string[];
  /** In words, for people. */
  readonly reason: string;
  readonly scenario: { readonly name: string; readonly version: string };
  readonly origin: 'scenario' | 'person';
  /** From when, in milliseconds since 1970 (event time). */
  readonly from: number;
  /** Until when; `null`, for ever, only when a person said so. */
  readonly until: number | null;
  /** How sure the rules are, summed over the overflows that led here and decayed; 1 is one ordinary overflow. */
  readonly score: number;
  /** SHA-256 digests of the lines that it rests on. */
  readonly evidence: readonly string[];
  /** How many events those overflows counted; at least the number of kept lines. */
  readonly eventCount: number;
  /** How often it was extended. */
  readonly extensions: number;
  readonly state: DecisionState;
  /** The rail that holds it for review, or that allowed a throttle where a ban was proposed. */
  readonly rail: { readonly code: RailCode; readonly detail: string } | undefined;
}

/** A wish to block somebody, before the rails. */
export interface BlockProposal {
  /** An address or network may be given as text. */
  readonly target: BlockTarget | string;
  readonly action?: BlockAction;
  readonly domains?: 'all' | readonly string[];
  readonly reason: string;
  /** Who wishes it: a rule or a person. Default `person`. */
  readonly origin?: 'scenario' | 'person';
  readonly scenario?: { readonly name: string; readonly version: string };
  /** How long, in milliseconds; `null`, for ever, is a person's privilege. Default: the escalation of this target. */
  readonly durationMs?: number | null;
  /** When, in milliseconds since 1970. Default: now. */
  readonly time?: number;
  readonly score?: number;
  /** What it rests on, oldest first, at most 50 events: kept as evidence, and judged by the rails. */
  readonly evidence?: readonly SecurityEvent[];
}

/** What is checked of a {@link BlockProposal} besides its target and its evidence. */
export const blockProposalSchema = z.object({
  action: z.enum(['ban', 'captcha', 'throttle', 'observe']).optional(),
  domains: z.union([z.literal('all'), z.array(wellFormedText(1, 64)).min(1).max(32)]).optional(),
  reason: wellFormedText(1, 1024),
  origin: z.enum(['scenario', 'person']).optional(),
  scenario: z.object({ name: wellFormedText(1, 128), version: wellFormedText(1, 64) }).optional(),
  durationMs: z
    .number()
    .int()
    .min(1)
    .max(100 * 366 * 86_400_000)
    .nullable()
    .optional(),
  time: z.number().int().min(0).max(8.64e15).optional(),
  score: z.number().positive().max(100).optional(),
});

/** What is checked of a {@link RevokeReason}. */
export const revokeReasonSchema = z.object({
  code: z.enum(['false-positive', 'appeal', 'allow-listed', 'mistake', 'other']),
  text: wellFormedText(0, 1024).optional(),
  by: wellFormedText(0, 256).optional(),
});

/** What became of a proposal. */
export type DecisionOutcome =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'extended'; readonly decision: Decision }
  /** A decision runs already and would hardly become longer. */
  | { readonly kind: 'unchanged'; readonly decision: Decision }
  | { readonly kind: 'review'; readonly decision: Decision; readonly code: RailCode; readonly detail: string }
  | { readonly kind: 'refused'; readonly entry: bigint; readonly code: RailCode; readonly detail: string };

/** Why a decision was taken back. */
export interface RevokeReason {
  readonly code: 'false-positive' | 'appeal' | 'allow-listed' | 'mistake' | 'other';
  readonly text?: string;
  /** Who took it back. */
  readonly by?: string;
}
