/**
 * What the server sends and takes. Instants are ms UTC, money is in minor units of its currency.
 * `tests/unit/server/test_console_types.py` compares each field with the server's OpenAPI document.
 */
export * from './accounts'
export * from './audit'
export * from './channels'
export * from './decisions'
export * from './definitions'
export * from './effects'
export * from './follow-ups'
export * from './harms'
export * from './movement'
export * from './persons'
export * from './preview'
export * from './room-lists'
export * from './rooms'
export * from './shop'
export * from './sources'
export * from './strategies'
export * from './tables'
export * from './trials'
export * from './viewers'
export * from './words'
