import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  Navigate,
  RouterProvider,
  redirect,
  useLocation,
} from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { controls } from './controls.js'

const Page = () => (
  <>
    <h1>{useLocation().pathname}</h1>
    <Link to="/a">to a</Link>
  </>
)

const root = createRootRoute()
const route = (path, options) => createRoute({ getParentRoute: () => root, path, ...options })
const router = createRouter({
  routeTree: root.addChildren([
    route('/', { component: Page }),
    route('$page', { component: Page }),
    route('old', {
      beforeLoad: () => {
        throw redirect({ to: '/new' })
      },
    }),
    route('moved', { component: () => <Navigate to="/new" replace /> }),
  ]),
})

createRoot(document.querySelector('#app')).render(<RouterProvider router={router} />)
controls({ push: (href) => router.history.push(href), replace: (href) => router.history.replace(href) })
