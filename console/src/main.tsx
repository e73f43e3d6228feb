import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router'
import { LookProvider } from '@/app/look'
import { queries } from '@/app/queries'
import { router } from '@/app/router'
import { startLanguages } from '@/lib/language'
import { giveStylesTheNonce } from '@/lib/style-nonce'
import '@/app/console.css'

giveStylesTheNonce()
await startLanguages()
const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LookProvider>
        <RouterProvider router={router} />
      </LookProvider>
    </QueryClientProvider>
  </StrictMode>,
)
