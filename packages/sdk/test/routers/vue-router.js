import { createApp, h } from 'vue'
import { createRouter, createWebHistory, RouterLink, RouterView, useRoute, useRouter } from 'vue-router'
import { controls } from './controls.js'

const Page = {
  setup: () => {
    const route = useRoute()
    return () => [h('h1', route.path), h(RouterLink, { to: '/a' }, () => 'to a')]
  },
}

const Moved = {
  setup: () => {
    useRouter().replace('/new')
    return () => null
  },
}

const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/old', redirect: '/new' },
    { path: '/moved', component: Moved },
    { path: '/:page*', component: Page },
  ],
})

createApp({ render: () => h(RouterView) })
  .use(router)
  .mount('#app')
controls({ push: (to) => router.push(to), replace: (to) => router.replace(to) })
