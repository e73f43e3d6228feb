import { Tag } from 'antd'
import type { CodeImport, OfferInUse } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { TableImport } from '@/components/table-import'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useAddCodes, useOfferCodes } from './strategies-api'

/** Codes of an offer: more of them from a table, and the last characters of those that are there. */
export function OfferCodesForm({ one, onClose }: { one: OfferInUse; onClose: () => void }) {
  const { t } = useTexts()
  const found = useOfferCodes(one.offer.key)
  const trial = useAddCodes(one.offer.key)
  const real = useAddCodes(one.offer.key)
  return (
    <>
      {one.offer.is_issued ? (
        <p>{t('strategies.codes.issued_intro')}</p>
      ) : (
        <TableImport<CodeImport>
          intro={t('strategies.codes.intro')}
          trial={trial}
          real={real}
          told={({ added, size, bad }) => t('strategies.codes.told', { added: count(added), size: count(size), bad: count(bad) })}
          takes={({ added }) => (added > 0 ? t('strategies.codes.take', { n: count(added) }) : null)}
          onClose={onClose}
        />
      )}
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && found.data.size > 0 && (
        <>
          <p className="gap">{t('strategies.codes.left', { left: count(found.data.left), size: count(found.data.size) })}</p>
          {found.data.newest.map(({ place, tail, read }) => (
            <Tag key={place} color={read ? 'default' : 'green'}>
              {`···${tail}`} {read && t('strategies.codes.read')}
            </Tag>
          ))}
        </>
      )}
    </>
  )
}
