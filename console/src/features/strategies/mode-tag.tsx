import { Tag } from 'antd'
import type { StrategyMode } from '@/api/types'
import { useTexts } from '@/lib/language'

const COLORS: Record<StrategyMode, string> = {
  draft: 'default',
  dry_run: 'cyan',
  approval: 'gold',
  ramp: 'blue',
  full: 'green',
  paused: 'orange',
  ended: 'default',
}

/** Where a strategy is on its way; the word carries the meaning, the color repeats it. */
export function ModeTag({ mode }: { mode: StrategyMode }) {
  const { t } = useTexts()
  return (
    <Tag color={COLORS[mode]} data-mode={mode}>
      {t(`strategies.mode.${mode}`)}
    </Tag>
  )
}
