// Evaluated in the page: opens all that is closed in what is shown, except what opens a dialog. Says how much it opened.
;(() => {
  const main = document.querySelector("main")
  let opened = 0
  for (const details of main.querySelectorAll("details:not([open])")) {
    details.open = true
    opened += 1
  }
  for (const button of main.querySelectorAll('button[aria-expanded="false"]:not([aria-haspopup])')) {
    button.click()
    opened += 1
  }
  return opened
})()
