import { defineConfig, mergeConfig } from 'vitest/config'
import build from './vite.config.ts'

// Beside the build's own settings: whoever only builds has no vitest.
export default mergeConfig(
  build,
  defineConfig({ test: { environment: 'happy-dom', include: ['tests/**/*.test.{ts,tsx}'] } }),
)
