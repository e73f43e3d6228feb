import type { ReactNode } from 'react'

interface Props {
  title: ReactNode
  note?: ReactNode
  className?: string
  children: ReactNode
  name?: string
}

/** A part of a page: its heading, a quiet note at the right, its content. */
export function Panel({ title, note, className, children, name }: Props) {
  return (
    <section className={`panel ${className ?? ''}`} data-part={name}>
      <header className="panel-head">
        <h2>{title}</h2>
        {note !== undefined && <div className="quiet small">{note}</div>}
      </header>
      {children}
    </section>
  )
}
