// What answers the HTTP requests to a bootstrap. Loaded with the first one, by server.ts.

import type { RequestListener } from 'node:http'
import { uiFiles } from '../dashboard/assets.ts'
import { createBootstrapApp } from '../http/bootstrap-app.ts'
import { requestListener } from '../http/listener.ts'
import type { BootstrapHost } from '../http/node-host.ts'
import type { Logger } from '../logger.ts'

/** Answers the requests to a bootstrap. */
export function bootstrapListener(host: BootstrapHost, logger: Logger): RequestListener {
  return requestListener(createBootstrapApp(host, logger, uiFiles), logger)
}
