import type { RoomStage, StageProduct } from '@/api/types'
import { type Say, useTexts } from '@/lib/language'

const MOST_POINTS = 4

/** Nobody asks for anything: what there is to say about the product on stage, and what comes next. */
export function Nothing({ stage }: { stage: RoomStage | undefined }) {
  const { t } = useTexts()
  const { presented = null, next = null, is_sold_out: isSoldOut = false } = stage ?? {}
  const points = isSoldOut ? [] : (presented?.selling_points.slice(0, MOST_POINTS) ?? [])
  return (
    <div className="host-nothing" data-part="stage">
      <p className={points.length > 0 ? 'quiet' : 'host-words'}>{t('host.nothing')}</p>
      {presented && (
        <p className="host-body">
          {t(isSoldOut ? 'host.stage.sold_out' : 'host.stage.now', { product: named(t, presented) })}
        </p>
      )}
      <ul className="host-points">
        {points.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      {presented && !isSoldOut && points.length === 0 && <p className="quiet">{t('host.stage.no_points')}</p>}
      {next && <p className="host-next">{t('host.next', { words: named(t, next) })}</p>}
      {!presented && <p className="quiet">{t('host.nothing_meaning')}</p>}
    </div>
  )
}

function named(t: Say, { title, link_number: link }: StageProduct): string {
  return link === null ? title : `${t('host.link', { n: link })} ${title}`
}
