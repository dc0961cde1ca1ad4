// node:http, without what comes with importing it. To import it is to ask for all that it exports at once, and among that are
// WebSocket and its events: Node.js loads undici for them, which is its fetch, and HTTP/2. That is 12 MB of memory that nothing
// here uses. Types may be imported as ever.

export const { createServer, request } = process.getBuiltinModule('node:http')
