import type { ReactNode } from 'react'
import { useTexts } from '@/lib/language'

/** The frame of what is shown before somebody is signed in. */
export function EntryCard({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTexts()
  return (
    <main className="entry">
      <div className="panel entry-card">
        <div className="entry-brand">
          <img src="/icon.svg" alt="" width="40" height="40" />
          <div>
            <b>{t('app.name')}</b>
            <div className="quiet small">{t('app.claim')}</div>
          </div>
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
