import { Tooltip } from 'antd'
import type { ReactNode } from 'react'

/** A word with its definition, by pointer or by focus. */
export function Term({ children, meaning }: { children: ReactNode; meaning: string }) {
  return (
    <Tooltip title={meaning} trigger={['hover', 'focus']}>
      <button type="button" className="term">
        {children}
      </button>
    </Tooltip>
  )
}
