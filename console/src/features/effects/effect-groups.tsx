import { Table, type TableColumnsType } from 'antd'
import type { Comparison, EffectGroups, EffectReport } from '@/api/types'
import { count, share, signed } from '@/lib/format'
import { type Say, useLanguage, useTexts } from '@/lib/language'
import { saysOf } from './effect-words'
import { GroupForest, type Row } from './group-forest'

const MOST_SESSIONS = 12

export interface Told extends Row {
  own: Comparison
}

const row = (key: string, label: string, own: Comparison, shrunk: number | null): Told => ({
  key,
  label,
  own,
  shrunk,
  lift: own.absolute,
  isEnough: own.is_enough,
})

/** The groups of a tag or segment; none where it leaves nothing to compare. */
const dividing = (groups: EffectGroups | undefined) => (groups && groups.groups.length > 1 ? [...groups.groups] : [])

/** All people first, then each group of each tag and segment. */
export function useRowsByLevel({ found, levels }: EffectReport): Told[] {
  const { t } = useTexts()
  const { words } = useLanguage()
  const whole = found.effect.primary
  if (whole === null) return []
  const groups = levels.flatMap((level) =>
    dividing(found.by[level.key])
      .reverse() // those for whom it holds come first
      .map((one) => {
        const name = words(level.names)
        const label = one.group === 'yes' ? name : t('effects.group.not', { name })
        return row(`${level.key} ${one.group}`, label, one, one.shrunk)
      }),
  )
  return [row('all', t('effects.group.all'), whole, null), ...groups]
}

/** All people first, then the newest sessions. */
export function useRowsBySession({ found }: EffectReport): Told[] {
  const { t } = useTexts()
  const whole = found.effect.primary
  if (whole === null || found.sessions === null) return []
  const newest = found.sessions.groups.slice(-MOST_SESSIONS)
  return [
    row('all', t('effects.group.all'), whole, null),
    ...newest.map((one) => row(one.group, one.group, one, one.shrunk)),
  ]
}

/** Tags and segments in which too few people were in one arm to say anything, and those in which groups differ. */
export function useLevelNotes({ found, levels }: EffectReport): string[] {
  const { t } = useTexts()
  const { words } = useLanguage()
  const of = (says: (groups: EffectGroups) => boolean) =>
    levels.flatMap((one) => {
      const groups = found.by[one.key]
      return groups && says(groups) ? [words(one.names)] : []
    })
  const differ = of((groups) => groups.differ)
  const few = of((groups) => groups.groups.length < 2)
  const isCompared = few.length < levels.length
  return [
    ...(differ.length > 0 ? [t('effects.differ', { names: differ.join(', ') })] : []),
    ...(differ.length === 0 && isCompared ? [t('effects.same')] : []),
    ...(levels.length === 0 ? [t('effects.undivided')] : []),
    ...(few.length > 0 ? [t('effects.too_few', { names: few.join(', ') })] : []),
  ]
}

export function Forest({ rows }: { rows: readonly Told[] }) {
  const { t } = useTexts()
  const whole = rows[0]
  return whole === undefined ? null : <GroupForest rows={rows} whole={whole.lift} label={t('effects.forest')} />
}

/** The numbers of a forest. */
export function GroupTable({ rows, title }: { rows: Told[]; title: string }) {
  const { t } = useTexts()
  return (
    <Table<Told>
      size="small"
      rowKey="key"
      columns={columnsOf(t, title)}
      dataSource={rows}
      pagination={false}
      scroll={{ x: 900 }}
    />
  )
}

function columnsOf(t: Say, title: string): TableColumnsType<Told> {
  const number = (name: string, of: (one: Comparison) => string): TableColumnsType<Told>[number] => ({
    title: name,
    width: 90,
    align: 'right',
    className: 'num',
    render: (_, one) => of(one.own),
  })
  return [
    { title, width: 200, dataIndex: 'label' },
    number(t('effects.column.treated'), (own) => count(own.treated.n)),
    number(t('effects.column.control'), (own) => count(own.control.n)),
    number(t('effects.column.treated_share'), (own) => share(own.treated.with_outcome, own.treated.n)),
    number(t('effects.column.control_share'), (own) => share(own.control.with_outcome, own.control.n)),
    {
      title: t('effects.column.lift'),
      width: 220,
      className: 'num',
      render: (_, { lift: { value, low, high } }) => {
        const [first, ...ends] = [value, low, high].map((one) => signed(100 * one, 2))
        return (
          <>
            <b>{first}</b> <span className="quiet">[{ends.join(', ')}]</span>
          </>
        )
      },
    },
    {
      title: t('effects.column.shrunk'),
      width: 100,
      align: 'right',
      className: 'num',
      render: (_, { shrunk }) => (shrunk === null ? '–' : signed(100 * shrunk, 2)),
    },
    {
      title: t('effects.column.verdict'),
      width: 120,
      render: (_, { lift, isEnough }) => t(`strategies.effect.verdict.${saysOf(lift, isEnough)}`),
    },
  ]
}
