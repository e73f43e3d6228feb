import { useConsents } from '@/api/persons'
import { ConsentChips } from '@/components/consent-chips'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'

/** What this viewer agreed to. */
export function Consent({ viewer }: { viewer: string }) {
  const { t } = useTexts()
  const consents = useConsents(viewer)
  return (
    <section>
      <h3>{t('consent.title')}</h3>
      {consents.isError && <ProblemAlert error={consents.error} onRetry={() => void consents.refetch()} />}
      {consents.data && <ConsentChips consents={consents.data} />}
    </section>
  )
}
