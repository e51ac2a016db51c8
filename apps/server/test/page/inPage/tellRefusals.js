// Runs in every window before the page's own scripts: what the content security policy refuses is told to the test.
document.addEventListener("securitypolicyviolation", ({ blockedURI, sourceFile, violatedDirective }) =>
  globalThis.refusedByPolicy(`${violatedDirective} ${blockedURI} ${sourceFile}`),
)
