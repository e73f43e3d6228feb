import { Alert, Button } from 'antd'
import { ApiProblem } from '@/api/client'
import { useLanguage, useTexts } from '@/lib/language'
import { NAME_KINDS, problemText } from '@/lib/reasons'
import { ServerWords } from './server-words'

const KNOWN = [0, 400, 401, 403, 404, 409, 413, 422, 429] as const

/** "There is no tag X; do you mean Y?", where the server told what was not there. */
export function useUnknownName() {
  const { t } = useTexts()
  return (params: Record<string, unknown> | undefined): string | null => {
    const { kind, name, near } = params ?? {}
    if (typeof kind !== 'string' || typeof name !== 'string') return null
    const known = kind in NAME_KINDS ? NAME_KINDS[kind as keyof typeof NAME_KINDS] : 'other'
    const said = t('problem.no_such', { kind: t(`problem.kind.${known}`), name })
    return typeof near === 'string' ? said + t('problem.near', { near }) : said
  }
}

/** What went wrong, in the reader's language; where the code says little, the server's own words below (`isSaid`: in that language, too). */
export function useProblemText() {
  const { t } = useTexts()
  const { language, words } = useLanguage()
  const unknownName = useUnknownName()
  return (error: unknown): { title: string; detail: string; isSaid: boolean } => {
    if (!(error instanceof ApiProblem)) return { title: t('problem.unknown'), detail: String(error), isSaid: false }
    const status = KNOWN.find((known) => known === error.status)
    const said = problemText(error.problem.code ?? '', language)
    const named = unknownName(error.problem.params)
    const title = named ?? said?.text ?? (status === undefined ? t('problem.server') : t(`problem.${status}`))
    if (named !== null || said?.isWhole) return { title, detail: '', isSaid: true }
    const own = error.problem.said
    return { title, detail: own ? words(own) : (error.problem.detail ?? ''), isSaid: own !== undefined }
  }
}

export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTexts()
  const { title, detail, isSaid } = useProblemText()(error)
  return (
    <Alert
      type="error"
      showIcon
      title={title}
      description={detail && (isSaid ? detail : <ServerWords words={detail} />)}
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
