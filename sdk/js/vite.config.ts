import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const here = import.meta.dirname

/** A smaller copy beside each file, so that the server never compresses anything. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle: ({ dir }, files) => {
      for (const name of Object.keys(files)) {
        const path = join(dir ?? '.', name)
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  plugins: [compressed()],
  build: {
    outDir: join(here, '.build'),
    emptyOutDir: true,
    target: 'es2020', // browsers of five years: a shop does not choose its visitors' phones
    minify: true,
    lib: {
      entry: join(here, 'src/index.ts'),
      name: 'Qianmian',
      formats: ['es', 'iife'],
      fileName: (format) => (format === 'es' ? 'qianmian.mjs' : 'qianmian.js'),
    },
  },
})
