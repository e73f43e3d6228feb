import { useLanguage, useTexts } from '@/lib/language'

/** What the server says in English, for whoever looks after it: folded away where the page is in Chinese. */
export function ServerWords({ words }: { words: string }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  if (language === 'en') return words
  return (
    <details className="server-words small">
      <summary>{t('problem.in_english')}</summary>
      <span lang="en">{words}</span>
    </details>
  )
}
