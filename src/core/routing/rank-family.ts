import type { ModelEntry, ModelFamily } from '../catalog.ts';
import { type ModelName, parseModelName } from './model-name.ts';

interface Member {
  readonly entry: ModelEntry;
  readonly name: ModelName;
  readonly version: readonly number[];
}

export interface FamilySearch {
  readonly family: ModelFamily;
  /** Whether an id's vendor prefix (`meta-llama` of `meta-llama/llama-…`) is one of the family's own vendors. */
  readonly isOwnVendor: (prefix: string) => boolean;
  /** Only ids with this vendor prefix, as in `anthropic/opus`. */
  readonly prefix?: string;
}

/**
 * The models of a family among those a provider offers, the one its bare name means first.
 *
 * The makers' own models come before others built on them. A variant of a listed model (`…-flash-lite` beside
 * `…-flash`, a dated snapshot beside its plain id) is never what the bare name means. Then: release date, if all
 * have one; version numbers; fewer extra words; shorter; alphabet. So the answer depends on nothing but the set.
 */
export function rankFamily(models: Iterable<ModelEntry>, search: FamilySearch): readonly ModelEntry[] {
  const members = own(membersOf(models, search), search);
  const dated = members.every(({ entry }) => entry.released !== undefined);
  const sameVersion = new Map<string, Member[]>();
  for (const member of members) {
    const siblings = sameVersion.get(member.version.join('.'));
    if (siblings === undefined) sameVersion.set(member.version.join('.'), [member]);
    else siblings.push(member);
  }
  const isVariant = (member: Member): boolean =>
    sameVersion.get(member.version.join('.'))?.some((base) => isVariantOf(member, base)) ?? false;
  return members
    .map((member) => ({ member, variant: isVariant(member) }))
    .sort(
      (one, other) =>
        Number(one.variant) - Number(other.variant) ||
        (dated ? compareText(other.member.entry.released ?? '', one.member.entry.released ?? '') : 0) ||
        compareVersions(other.member.version, one.member.version) ||
        one.member.name.words.length - other.member.name.words.length ||
        one.member.entry.id.length - other.member.entry.id.length ||
        compareText(one.member.entry.id, other.member.entry.id),
    )
    .map(({ member }) => member.entry);
}

function membersOf(models: Iterable<ModelEntry>, { family, prefix }: FamilySearch): Member[] {
  const members: Member[] = [];
  for (const entry of models) {
    const id = entry.id.toLowerCase();
    // Cheap test first: most ids of a large provider are of other families.
    if (entry.router === true || !family.tokens.every((token) => id.includes(token))) continue;
    if (prefix !== undefined && vendorOf(id) !== prefix) continue;
    const name = parseModelName(id);
    const [first] = name.words;
    if (first === undefined || !family.tokens.includes(first)) continue;
    if (!family.tokens.every((token) => name.words.includes(token))) continue;
    if (family.without?.some((token) => name.words.includes(token) || id.endsWith(`:${token}`))) continue;
    members.push({ entry, name, version: versionOf(name) });
  }
  return members;
}

/** The makers' own, if the provider offers any. */
function own(members: readonly Member[], { isOwnVendor }: FamilySearch): readonly Member[] {
  const makers = members.filter(({ entry }) => {
    const vendor = vendorOf(entry.id.toLowerCase());
    return vendor === undefined || isOwnVendor(vendor);
  });
  return makers.length > 0 ? makers : members;
}

/** Of two names of one version: the same with words added, or with a date added. */
function isVariantOf(member: Member, base: Member): boolean {
  if (member === base) return false;
  if (!base.name.words.every((word) => member.name.words.includes(word))) return false;
  if (member.name.words.length > base.name.words.length) return true;
  return (
    member.name.words.length === base.name.words.length &&
    member.name.snapshot !== undefined &&
    base.name.snapshot === undefined
  );
}

/** `4.5` → [4, 5]. Only the first run counts: later ones are sizes and parts. */
function versionOf(name: ModelName): number[] {
  return (name.versions[0] ?? '').split('.').filter(Boolean).map(Number);
}

function compareVersions(one: readonly number[], other: readonly number[]): number {
  const length = Math.max(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    // A version that has a number more is the newer one: 4.1 after 4, and anything after no number at all.
    const difference = (one[index] ?? -1) - (other[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function vendorOf(id: string): string | undefined {
  const slash = id.lastIndexOf('/');
  return slash < 0 ? undefined : id.slice(0, slash).replace(/^~/, '');
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
