import type { ReactNode } from 'react'
import type { Strategy } from '@/api/types'

export interface LineProps {
  strategy: Strategy
  isLocked: boolean
  onChange: (change: Partial<Strategy>) => void
}

/** A line of the form: a question, and what answers it. */
export function Line({ title, name, children }: { title: string; name: string; children: ReactNode }) {
  return (
    <section className="strategy-line" data-line={name}>
      <h3>{title}</h3>
      <div>{children}</div>
    </section>
  )
}

export function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="strategy-field">
      <span className="small quiet">{label}</span>
      {children}
    </label>
  )
}
