import { useTranslation } from 'react-i18next'
import type { Understood } from '@/api/types'
import { Panel } from '@/components/panel'

/** Who it would be: how many, and what it builds on. */
export function PreviewPanel({ understood }: { understood: Understood | undefined }) {
  const { t } = useTranslation()
  return (
    <Panel title={t('preview.title')} name="preview" className="editor-side">
      {!understood && <p className="quiet">{t('preview.empty')}</p>}
      {understood && understood.uses.length > 0 && (
        <>
          <h3>{t('preview.uses')}</h3>
          <ul>
            {understood.uses.map((one) => (
              <li key={`${one.kind} ${one.key}`}>{one.key}</li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}
