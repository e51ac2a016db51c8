/** The signs of the page, drawn in the colour of the text around them. They are decoration: a text or label says the same. */

const paths = {
  threads: "M3 4h10M3 8h10M3 12h6",
  inbox: "M2.5 9.5 4.6 3h6.8l2.1 6.5v3.5h-11zM2.5 9.5h3.2l.8 1.5h3l.8-1.5h3.2",
  log: "M3 3.5h1M3 8h1M3 12.5h1M6.5 3.5H13M6.5 8H13M6.5 12.5H13",
  system: "M2 8h3l1.5-4 3 8L11 8h3",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4 13.5 13.5",
  close: "m4 4 8 8M12 4l-8 8",
  left: "M10 3 5 8l5 5",
  right: "m6 3 5 5-5 5",
  down: "m3 6 5 5 5-5",
  light:
    "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  dark: "M13.2 9.6A5.5 5.5 0 0 1 6.4 2.8a5.5 5.5 0 1 0 6.8 6.8Z",
  screen: "M2 3h12v8H2zM6 13.5h4",
  keys: "M1.5 4h13v8h-13zM4 6.5h.5M7 6.5h.5M10 6.5h.5M12 6.5h.2M5 9.5h6",
  folder: "M1.5 12.5v-9h4.6l1.6 2h6.8v7z",
  agent: "M4 5.5h8v6.5H4zM8 5.5V3M6.5 8.2v1M9.5 8.2v1M2 8v2M14 8v2",
  alert: "M8 2 1.8 13h12.4zM8 6.5v3M8 11.2v.1",
  check: "m3 8.5 3.2 3.2L13 5",
  archive: "M2 3h12v3H2zM3 6v7h10V6M6.5 9h3",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  stop: "M4 4h8v8H4z",
  send: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  voice: "M6 3.5a2 2 0 0 1 4 0V8a2 2 0 0 1-4 0zM3.5 7.5V8a4.5 4.5 0 0 0 9 0v-.5M8 12.5V15",
  play: "M5 3.5 12 8l-7 4.5z",
  past: "M2.5 8a5.5 5.5 0 1 0 1.8-4.1M2.5 2.5v2.8h2.8M8 5v3.2l2.2 1.3",
  plus: "M8 3v10M3 8h10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  clip: "m13 7.5-5 5a3 3 0 0 1-4.3-4.3l5.2-5.2a2 2 0 0 1 2.9 2.9L6.6 11",
  question: "M6 6a2 2 0 1 1 2.8 1.8c-.5.3-.8.7-.8 1.4M8 11.6v.1M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z",
} as const

export type IconName = keyof typeof paths

export const Icon = ({
  className,
  name,
  size = 16,
}: {
  name: IconName
  size?: number
  className?: string | undefined
}) => (
  <svg
    aria-hidden="true"
    className={className}
    fill="none"
    height={size}
    stroke="currentColor"
    strokeLinecap="round"
    strokeLinejoin="round"
    strokeWidth={1.5}
    viewBox="0 0 16 16"
    width={size}
  >
    <path d={paths[name]} />
  </svg>
)
