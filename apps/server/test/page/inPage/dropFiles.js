// Drops an image and a text file on the composer, as a person drags them out of a folder.
;(() => {
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
  const dataTransfer = new DataTransfer()
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))
  dataTransfer.items.add(new File([bytes], "shot.png", { type: "image/png" }))
  dataTransfer.items.add(new File(["Hello"], "notes.txt", { type: "text/plain" }))
  const composer = document.querySelector("[data-testid=composer]")
  if (composer === null) throw new Error("There is no composer to drop files on.")
  for (const type of ["dragover", "drop"]) {
    composer.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }))
  }
})()
