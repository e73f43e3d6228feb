import { Select } from 'antd'
import { useState } from 'react'
import type { Word } from '@/lib/trait-words'

interface Props {
  value: string
  /** What is known; anything else can be typed. */
  known: Word[]
  onChange: (value: string) => void
  label: string
  className: string
  longest: number
}

/** A choice among what has words, or whatever somebody types. */
export function OpenChoice({ value, known, onChange, label, className, longest }: Props) {
  const [typed, setTyped] = useState('')
  const isNew = (one: string) => one !== '' && !known.some((word) => word.value === one || word.label === one)
  const own = [...new Set([value, typed.trim().slice(0, longest)])].filter(isNew)
  return (
    <Select
      size="small"
      className={className}
      value={value || null}
      showSearch={{ optionFilterProp: 'label', onSearch: setTyped }}
      onChange={onChange}
      aria-label={label}
      placeholder={label}
      popupMatchSelectWidth={false}
      options={[...known, ...own.map((one) => ({ value: one, label: one }))]}
    />
  )
}
