import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const CHINESE = '[\\u3000-\\u303f\\u3400-\\u9fff\\uff00-\\uffef]'

export default tseslint.config(
  { ignores: ['node_modules', '.build'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      'max-lines': ['error', 250],
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  { files: ['src/events.ts'], rules: { 'max-lines': 'off' } }, // generated
  {
    files: ['src/**'],
    ignores: ['src/texts.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: `Literal[value=/${CHINESE}/]`, message: 'A text: make it a key of texts.ts.' },
        { selector: `TemplateElement[value.raw=/${CHINESE}/]`, message: 'A text: make it a key of texts.ts.' },
        { selector: 'AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]', message: 'textContent.' },
      ],
    },
  },
)
