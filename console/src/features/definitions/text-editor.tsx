import { Input } from 'antd'
import { useTexts } from '@/lib/language'

interface Props {
  text: string
  onText: (text: string) => void
  /** Where the text stops making sense, in characters. */
  position: number | null
}

/** The definition in the condition language, with a pointer to what is wrong. */
export function TextEditor({ text, onText, position }: Props) {
  const { t } = useTexts()
  return (
    <>
      <Input.TextArea
        className="condition-text"
        value={text}
        rows={7}
        maxLength={20_000}
        spellCheck={false}
        aria-label={t('definitions.text')}
        placeholder={t('definitions.text_example')}
        onChange={({ target }) => onText(target.value)}
      />
      {position !== null && text.trim() !== '' && (
        <pre className="condition-wrong" aria-hidden="true">
          {text.slice(0, position)}
          <mark>{text.slice(position, position + 1) || ' '}</mark>
          {text.slice(position + 1)}
        </pre>
      )}
    </>
  )
}
