// A shop's page on the browser client, as a stranger would write it. The only thing that it has of
// the demonstration is where its viewer token comes from: a real shop asks its own server for one.
'use strict'

const at = (id) => document.getElementById(id)
let language = navigator.language.startsWith('zh') ? 'zh' : 'en'
let texts = {}
let room = null
let viewer = null
let client = null
let state = 'opening'

const say = (key) => texts[language][key] ?? key

async function asked(path, method = 'GET') {
  const answer = await fetch(`/shop${path}`, { method, cache: 'no-store' })
  if (!answer.ok) throw new Error(`${answer.status} ${path}`)
  return answer.json()
}

function element(name, text, kind = '') {
  const made = document.createElement(name)
  made.textContent = text
  made.className = kind
  return made
}

// -- what the client is told

async function viewerToken() {
  viewer = await asked('/visitor', 'POST')
  show()
  return viewer
}

function begin() {
  client = Qianmian.connect({
    url: location.origin,
    key: room.key,
    room: room.room,
    viewerToken,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    onProduct: (id) => {
      const place = room.products.findIndex((one) => one.id === id)
      const line = at('shelf').children[place]
      if (line === undefined) return
      line.scrollIntoView({ block: 'center' })
      ACTS.view(room.products[place], line)
    },
    onState: (now) => {
      state = now
      show()
    },
  })
}

const done = (text) => {
  at('done').textContent = text
}

const fieldsOf = (product) => ({
  product: product.id,
  price: product.price_minor,
  currency: room.currency,
  ...(product.category ? { category: product.category } : {}),
  ...(product.brand ? { brand: product.brand } : {}),
})

function comment(text, product) {
  client.track('comment_sent', product ? { text, product: product.id } : { text })
  at('said').append(element('li', text))
}

const ACTS = {
  view(product, line) {
    for (const one of at('shelf').children) one.classList.toggle('seen', one === line)
    client.at({ page: 'product', page_id: product.id, product: product.id })
    client.track('product_viewed', fieldsOf(product))
  },
  cart(product) {
    client.track('cart_added', { ...fieldsOf(product), quantity: 1, amount: product.price_minor })
  },
  ask(product) {
    comment(say('question').replace('{product}', product.title), product)
  },
  order(product) {
    const line = { product: product.id, quantity: 1, price: product.price_minor, amount: product.price_minor }
    const order = { order_id: `demo-${crypto.randomUUID()}`, currency: room.currency }
    client.track('order_created', { ...order, items: [line], amount: product.price_minor })
  },
}

// -- what is shown

function lineOf(product) {
  const line = element('li', '')
  const title = element('div', '', 'title')
  const format = new Intl.NumberFormat(language, { style: 'currency', currency: room.currency })
  const digits = format.resolvedOptions().maximumFractionDigits
  title.append(element('span', product.title))
  title.append(element('span', format.format(product.price_minor / 10 ** digits), 'price'))
  const acts = element('div', '', 'acts')
  for (const [name, act] of Object.entries(ACTS)) {
    const button = element('button', say(name))
    button.type = 'button'
    button.setAttribute('aria-label', `${say(name)} ${product.title}`)
    button.addEventListener('click', () => {
      act(product, line)
      done(`${say('told')} ${say(name)} · ${product.title}`)
    })
    acts.append(button)
  }
  line.append(title, acts)
  return line
}

function show() {
  if (viewer === null) return
  const arm = viewer.arm || 'treated'
  at('viewer').textContent = viewer.viewer
  at('line').textContent = say(`state.${state}`)
  at('arm').textContent = say(`arm.${arm}`)
  at('arm').className = viewer.arm ? 'held' : ''
}

function worded() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en-US'
  document.title = say('title')
  for (const one of document.querySelectorAll('[data-text]')) one.textContent = say(one.dataset.text)
  at('language').textContent = language === 'zh' ? 'English' : '中文'
  at('shelf').replaceChildren(...room.products.map(lineOf))
  show()
}

async function start() {
  ;[texts, room] = await Promise.all([asked('/texts.json'), asked('/room.json')])
  worded()
  if (typeof Qianmian === 'undefined') throw new Error(say('missing'))
  begin()
  at('all').hidden = false
}

at('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  worded()
})
at('another').addEventListener('click', async () => {
  client.close() // whoever was here leaves
  viewer = await asked('/visitor/new', 'POST')
  at('said').replaceChildren()
  done('')
  begin()
  worded()
})
at('speak').addEventListener('submit', (event) => {
  event.preventDefault()
  comment(at('words').value)
  at('words').value = ''
  done(say('told'))
})

start().catch((problem) => {
  at('failed').textContent = problem.message
  at('failed').hidden = false
})
