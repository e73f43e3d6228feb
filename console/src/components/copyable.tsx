import { CheckOutlined, CopyOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTexts } from '@/lib/language'

/** A text to take away, with its copy button. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const { t } = useTexts()
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2500)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () => {
    // Browsers offer the clipboard on https and on this machine only.
    if (!navigator.clipboard) return setState('refused')
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('refused'),
    )
  }
  return (
    <div className="copyable">
      <pre tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      <Button
        size="small"
        icon={state === 'copied' ? <CheckOutlined /> : <CopyOutlined />}
        onClick={copy}
      >
        <span aria-live="polite">{t(`copy.${state}`)}</span>
      </Button>
    </div>
  )
}
