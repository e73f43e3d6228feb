import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import type { Preview } from '@/api/types'
import { dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { viewerLabel } from '@/lib/viewer-label'

/** Some of those whom it would be, each with which of its parts hold; a click shows who that is. */
export function Samples({ found }: { found: Preview }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  return (
    <>
      <h3>{t('preview.samples')}</h3>
      {found.samples.length === 0 && <p className="quiet">{t('preview.nobody')}</p>}
      <ul className="preview-samples" data-part="samples">
        {found.samples.map(({ viewer, holds, last_seen }) => (
          <li key={viewer}>
            {/* In the address of this page: what is being written stays. */}
            <Link to={{ search: new URLSearchParams({ viewer }).toString() }}>{viewerLabel(viewer, t)}</Link>
            <span className="quiet small">
              {' '}
              {last_seen !== null && <span className="num">{dayAndClock(last_seen, zone)} </span>}
              {found.parts.filter((_, place) => holds[place]).map(words).join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
