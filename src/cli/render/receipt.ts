import type { Receipt, ReceiptRoute, RouteSource } from '../../core/route.ts';
import { routeLabel } from '../../core/route.ts';
import type { Paint } from '../output.ts';
import { foreignName, oneLine } from '../output.ts';

/** Where each field of the route came from, for people: `provider call, model task, effort config`. */
export function sourceLabel(source: RouteSource): string {
  const fields = [`provider ${source.provider}`, `model ${source.model}`];
  if (source.reasoning_effort !== undefined) fields.push(`effort ${source.reasoning_effort}`);
  return fields.join(', ');
}

/** The same in one short word or three, for a table: `task` when all agree, else `call/task/config`. */
export function sourceShort(source: RouteSource): string {
  const parts = [
    source.provider,
    source.model,
    ...(source.reasoning_effort === undefined ? [] : [source.reasoning_effort]),
  ];
  return new Set(parts).size === 1 ? parts[0]! : parts.join('/');
}

/** `requested … → resolved … → sent … → served …`, the steps of the proof on one line; after a hop also `ran on …`. */
export function proofLine(receipt: Receipt, paint: Paint): string {
  const steps = [
    requested(receipt),
    `resolved ${routeLabel(receipt.resolved)}${effortOf(receipt.resolved)}`,
    ...(receipt.ran_on === undefined
      ? []
      : [`${paint.yellow('ran on')} ${routeLabel(receipt.ran_on)}${effortOf(receipt.ran_on)}`]),
    receipt.sent === undefined
      ? 'nothing sent'
      : `sent ${oneLine(receipt.sent.model)}${effortSent(receipt.sent.reasoning)}`,
    `served ${receipt.served.model === undefined ? 'by nobody named' : foreignName(receipt.served.model)} ${verdictMark(receipt, paint)}`,
  ];
  return steps.join(paint.dim(' → '));
}

/** `✔ match`, `✘ mismatch`, `? unreported`, and `simulated` where no model was behind it. */
export function verdictMark(receipt: Receipt, paint: Paint): string {
  const mark = {
    match: paint.green('✔ match'),
    mismatch: paint.red('✘ mismatch'),
    unreported: paint.yellow('? unreported'),
  }[receipt.served.verified];
  return (receipt.ran_on ?? receipt.resolved).simulated ? `${mark} ${paint.magenta('simulated')}` : mark;
}

function requested(receipt: Receipt): string {
  const said = Object.values(receipt.requested)
    .flatMap((layer) => [layer.route && `route ${layer.route}`, layer.model ?? layer.provider])
    .find((text) => text !== undefined && text !== '');
  return said === undefined ? 'nothing asked' : `asked "${oneLine(said)}"`;
}

function effortOf({ reasoning_effort }: ReceiptRoute): string {
  return reasoning_effort === undefined ? '' : ` · ${reasoning_effort}`;
}

function effortSent(reasoning: unknown): string {
  return reasoning === null || reasoning === undefined ? '' : ` ${oneLine(JSON.stringify(reasoning))}`;
}
