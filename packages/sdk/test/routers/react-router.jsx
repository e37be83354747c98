import { createRoot } from 'react-dom/client'
import { createBrowserRouter, Link, Navigate, redirect, useLocation } from 'react-router'
import { RouterProvider } from 'react-router/dom'
import { controls } from './controls.js'

const Page = () => (
  <>
    <h1>{useLocation().pathname}</h1>
    <Link to="/a">to a</Link>
  </>
)

const router = createBrowserRouter([
  { path: '/old', loader: () => redirect('/new') },
  { path: '/moved', element: <Navigate to="/new" replace /> },
  { path: '/*', element: <Page /> },
])

createRoot(document.querySelector('#app')).render(<RouterProvider router={router} />)
controls({ push: (to) => router.navigate(to), replace: (to) => router.navigate(to, { replace: true }) })
