import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Human } from './actor.ts';
import { actorId } from './ids.ts';
import { instant } from './instant.ts';
import type { Lifecycle } from './lifecycle.ts';
import { acceptOwnership, isNamed, isOwner, nameOwners, ownersOf, ownershipGaps, type Owners } from './ownership.ts';

const T = instant(5);
const named = nameOwners({ business: actorId('ann'), technical: actorId('bob'), escalation: actorId('ann') });
const humans =
  (states: Readonly<Record<string, Lifecycle>>) =>
  (id: string): Human | undefined => {
    const lifecycle = states[id];
    if (lifecycle === undefined) return undefined;
    return {
      id: actorId(id),
      kind: 'human',
      name: id,
      lifecycle,
      roles: ['member'],
      deputy: null,
      vouched_by: 'mandate',
      entitlement: null,
      created_at: T,
      updated_at: T,
      version: 1,
    };
  };
const active = humans({ ann: 'active', bob: 'active' });
const both = (owners: Owners): Owners =>
  acceptOwnership(acceptOwnership(owners, actorId('ann'), T) ?? owners, actorId('bob'), T) ?? owners;

test('naming someone is not their acceptance', () => {
  assert.deepEqual(ownershipGaps(named, active, { production: false }), ['owners.unaccepted']);
});

test('one accepts for every role one is named for, and for nobody else', () => {
  const once = acceptOwnership(named, actorId('ann'), T);
  assert.deepEqual(
    [once?.business.accepted_at, once?.technical.accepted_at, once?.escalation.accepted_at],
    [T, null, T],
  );
  assert.equal(acceptOwnership(named, actorId('eve'), T), null);
  assert.deepEqual(ownershipGaps(both(named), active, { production: false }), []);
});

test('whoever is only named is asked, and owns nothing yet', () => {
  const bob = actorId('bob');
  assert.deepEqual([isNamed(named, bob), isOwner(named, bob), ownersOf(named)], [true, false, []]);
  const once = acceptOwnership(named, bob, T) ?? named;
  assert.equal(isOwner(once, bob), true);
  assert.equal(isOwner(once, actorId('ann')), false);
  assert.equal(isNamed(once, actorId('eve')), false);
});

test('the first acceptance keeps its time', () => {
  const once = acceptOwnership(named, actorId('bob'), T) ?? named;
  assert.equal(acceptOwnership(once, actorId('bob'), instant(9))?.technical.accepted_at, T);
});

test('owners must be known and active', () => {
  assert.deepEqual(ownershipGaps(both(named), humans({ ann: 'active' }), { production: false }), ['owners.unknown']);
  for (const state of ['registered', 'suspended', 'decommissioned'] as const) {
    assert.deepEqual(ownershipGaps(both(named), humans({ ann: 'active', bob: state }), { production: false }), [
      'owners.inactive',
    ]);
  }
});

test('in production the business and the technical owner are two people', () => {
  const same = both(nameOwners({ business: actorId('ann'), technical: actorId('ann'), escalation: actorId('bob') }));
  assert.deepEqual(ownershipGaps(same, active, { production: false }), []);
  assert.deepEqual(ownershipGaps(same, active, { production: true }), ['owners.same_person']);
  assert.deepEqual(ownershipGaps(both(named), active, { production: true }), []);
});
