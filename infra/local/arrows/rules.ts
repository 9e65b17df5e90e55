import type { Import } from './graph.ts'

/**
 * What each room may import. Arrows point one way:
 * contracts <- telemetry, identity <- database <- messaging <- chassis <- gateway, services.
 */
const contracts = ['packages/contracts']
const telemetry = [...contracts, 'packages/telemetry', 'packages/identity']
const database = [...telemetry, 'packages/database']
const messaging = [...database, 'packages/messaging']
const chassis = [...messaging, 'packages/chassis']
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/contracts': [],
  'packages/telemetry': contracts,
  'packages/identity': contracts,
  'packages/database': telemetry,
  'packages/messaging': database,
  'packages/chassis': messaging,
  'packages/client': contracts,
  'packages/testkit': messaging,
  gateway: chassis,
  // It writes the permissions that messaging derives from contracts, and provisions databases.
  'infra/local': [...contracts, 'packages/client', 'packages/messaging', 'packages/database'],
}
/** A service that is a front end speaks through the client like everybody else. */
const servicesMayImport = [...chassis, 'packages/client']
/** They ask a running system from outside, so of ours they know contracts and the testkit. */
const systemTestsMayImport = [...contracts, 'packages/testkit']
const testsMayAlsoImport = ['packages/testkit', 'packages/client']

/** What is wrong with an import, or null. */
export function objection(imported: Import): string | null {
  const { room, targetRoom, inTests, target, specifier } = imported
  if (!targetRoom || targetRoom === room) return null
  // The tests of the running whole look at every part of it.
  if (room === 'infra/local' && inTests) return null
  if (room === 'infra/test') return objectionToTests(imported)
  if (room.startsWith('services/') && targetRoom.startsWith('services/')) return 'a service imports another service'
  if (room === 'gateway' && targetRoom.startsWith('services/')) return 'the gateway imports a service'
  if (targetRoom === 'packages/testkit' && !inTests) return 'testkit outside of tests'
  if (target) return `${targetRoom} entered by a path instead of its name`
  if (inTests && testsMayAlsoImport.includes(targetRoom)) return null
  const allowed = room.startsWith('services/') ? servicesMayImport : mayImport[room]
  if (!allowed) return `${room} has no place in the arrows yet: give it one in infra/local/arrows/rules.ts`
  return allowed.includes(targetRoom) ? null : `${room} -> ${targetRoom} points back (${specifier})`
}

function objectionToTests({ target, targetRoom, specifier }: Import): string | null {
  if (target === null && targetRoom !== null && systemTestsMayImport.includes(targetRoom)) return null
  return `the tests of the whole know contracts and testkit alone (${specifier})`
}
