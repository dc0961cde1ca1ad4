// Dark or light: what the system says, until somebody has chosen; the choice is remembered.

const KEY = 'hearsay-theme'

/** A theme. */
export type Theme = 'light' | 'dark'

/** Sets the theme at the start, and lets the button change it. */
export function startTheme(button: HTMLButtonElement, onChange: () => void): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const theme = remembered() ?? (system.matches ? 'dark' : 'light')
    document.documentElement.dataset.theme = theme
    button.textContent = theme === 'dark' ? 'Light' : 'Dark'
    button.setAttribute('aria-label', theme === 'dark' ? 'Light theme' : 'Dark theme')
    onChange()
  }
  system.addEventListener('change', apply)
  button.addEventListener('click', () => {
    remember(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark')
    apply()
  })
  apply()
}

// Storage may be forbidden; then the choice lasts as long as the page.
let chosen: Theme | undefined

function remembered(): Theme | undefined {
  if (chosen !== undefined) return chosen
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : undefined
  } catch {
    return undefined
  }
}

function remember(theme: Theme): void {
  chosen = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // See above.
  }
}
