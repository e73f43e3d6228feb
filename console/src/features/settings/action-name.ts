import { useTexts } from '@/lib/language'

/** What the audit tells of; `tests/unit/server/test_audit_actions.py` compares with the server. */
const ACTIONS = [
  'account.created',
  'account.disabled',
  'account.enabled',
  'account.invited',
  'account.password',
  'account.reset',
  'account.role',
  'api_key.created',
  'api_key.revoked',
  'channel.opened',
  'channel.shut',
  'channel.tested',
  'codes.added',
  'consent.changed',
  'definition.activated',
  'definition.drafted',
  'definition.dropped',
  'definition.retired',
  'letter.dropped',
  'letter.replayed',
  'limits.alone',
  'limits.changed',
  'list.deleted',
  'list.imported',
  'members.imported',
  'offer.changed',
  'offer.dropped',
  'orders.imported',
  'person.erased',
  'person.exported',
  'person.requested',
  'product.added',
  'product.changed',
  'product.deleted',
  'products.imported',
  'reply.sent',
  'room_link.created',
  'room_link.opened',
  'room_link.revoked',
  'room_lists.changed',
  'source.changed',
  'source.created',
  'strategy.drafted',
  'strategy.dropped',
  'strategy.moved',
  'viewer.linked',
  'viewer.unlinked',
  'write_key.created',
  'write_key.revoked',
] as const

/** "product.changed" as people say it; an unknown action keeps its name. */
export function useActionName(): (action: string) => string {
  const { t } = useTexts()
  return (action) => {
    const known = ACTIONS.find((one) => one === action)
    return known === undefined ? action : t(`settings.audit.action.${known}`)
  }
}
