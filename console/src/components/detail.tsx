import { detailWords } from '@/lib/detail-words'
import { useLanguage, useTexts } from '@/lib/language'
import { ServerWords } from './server-words'

/** Which field of a refused event, and what was in it. */
export function Detail({ detail }: { detail: string }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const said = language === 'en' ? undefined : detailWords(detail)
  if (!said) return <ServerWords words={detail} />
  const { key, places } = said
  return (
    <span title={detail}>
      {t(key, places)}
      {places['near'] !== undefined && t('problem.near', { near: places['near'] })}
    </span>
  )
}
