import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '@/api/client'

const KNOWN = [0, 400, 401, 403, 404, 409, 413, 422, 429] as const

/** What went wrong, in the reader's language; the server's own words below it. */
export function useProblemText() {
  const { t } = useTranslation()
  return (error: unknown): { title: string; detail: string } => {
    if (!(error instanceof ApiProblem)) return { title: t('problem.unknown'), detail: String(error) }
    const status = KNOWN.find((known) => known === error.status)
    const title = status === undefined ? t('problem.server') : t(`problem.${status}`)
    return { title, detail: error.problem.detail ?? '' }
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
