import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '@/api/client'
import { useLanguage } from '@/lib/language'
import { problemText } from '@/lib/reasons'

const KNOWN = [0, 400, 401, 403, 404, 409, 413, 422, 429] as const

/** What went wrong, in the reader's language; where the code says little, the server's own words below. */
export function useProblemText() {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (error: unknown): { title: string; detail: string } => {
    if (!(error instanceof ApiProblem)) return { title: t('problem.unknown'), detail: String(error) }
    const status = KNOWN.find((known) => known === error.status)
    const said = problemText(error.problem.code ?? '', language)
    const title = said?.text ?? (status === undefined ? t('problem.server') : t(`problem.${status}`))
    return { title, detail: said?.isWhole ? '' : (error.problem.detail ?? '') }
  }
}

export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const { title, detail } = useProblemText()(error)
  return (
    <Alert
      type="error"
      showIcon
      title={title}
      description={detail || undefined}
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            {t('app.retry')}
          </Button>
        )
      }
    />
  )
}
