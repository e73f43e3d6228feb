import js from '@eslint/js'
import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const CHINESE = '[\\u3000-\\u303f\\u3400-\\u9fff\\uff00-\\uffef]'
const LETTER = '[A-Za-z\\u3400-\\u9fff]'
const SPOKEN = '/^(title|label|alt|placeholder|description|message|okText|cancelText|aria-label)$/'

/** Whatever a person reads is a key of src/locales. */
const texts = [
  { selector: `JSXText[value=/${LETTER}/]`, message: 'A text: make it a key of src/locales.' },
  { selector: `Literal[value=/${CHINESE}/]`, message: 'A Chinese text: make it a key of src/locales.' },
  { selector: `TemplateElement[value.raw=/${CHINESE}/]`, message: 'A Chinese text: make it a key.' },
  {
    selector: `JSXAttribute[name.name=${SPOKEN}] > Literal[value=/${LETTER}/]`,
    message: 'Read by people: make it a key of src/locales.',
  },
]

/** i18next's own `t` makes the compiler parse the key of every call; it gave up at 700 texts. */
const textsOnly = {
  name: 'react-i18next',
  importNames: ['useTranslation'],
  message: 'useTexts of @/lib/language: its keys cost the compiler nothing.',
}

/** shared -> features -> app, one way; no feature knows another one. */
const floor = (...above) => [
  'error',
  {
    paths: [textsOnly],
    patterns: [{ group: above, message: 'Imports go one way: lib, api, components, features, app.' }],
  },
]

export default tseslint.config(
  { ignores: ['node_modules', '.build'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  a11y.flatConfigs.strict,
  {
    plugins: { 'react-hooks': hooks },
    languageOptions: { globals: { process: 'readonly' } },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      'max-lines': ['error', 250],
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off', // request<void>: an answer without a body
      // Lists that scroll must be reachable by keyboard, and the browser does not do it for them.
      'jsx-a11y/no-noninteractive-tabindex': 'off',
    },
  },
  { files: ['src/**'], rules: { 'no-restricted-syntax': ['error', ...texts] } },
  { files: ['src/lib/**'], rules: { 'no-restricted-imports': floor('@/components/*', '@/features/*', '@/app/*') } },
  { files: ['src/api/**'], rules: { 'no-restricted-imports': floor('@/components/*', '@/features/*', '@/app/*') } },
  { files: ['src/components/**'], rules: { 'no-restricted-imports': floor('@/features/*', '@/app/*') } },
  { files: ['src/app/**'], rules: { 'no-restricted-imports': ['error', { paths: [textsOnly] }] } },
  { files: ['src/lib/language.ts'], rules: { 'no-restricted-imports': 'off' } }, // where useTexts is made
  { files: ['src/features/**'], rules: { 'no-restricted-imports': floor('@/features/*', '../*', '@/app/*') } },
)
