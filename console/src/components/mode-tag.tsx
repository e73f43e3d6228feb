import type { StrategyMode } from '@/api/types'
import { useTexts } from '@/lib/language'

// Ours and not antd's Tag: its green on pale green is hard to read.
const CHIPS: Partial<Record<StrategyMode, string>> = {
  approval: 'chip-person',
  paused: 'chip-person',
  ramp: 'chip-good',
  full: 'chip-good',
}

/** Where a strategy is on its way; the word carries the meaning, the color repeats it. */
export function ModeTag({ mode }: { mode: StrategyMode }) {
  const { t } = useTexts()
  return (
    <span className={`chip ${CHIPS[mode] ?? ''}`} data-mode={mode}>
      {t(`strategies.mode.${mode}`)}
    </span>
  )
}
