// Evaluated in the page: what in it could act or lead out by itself, and no page of ours has. An empty list is right.
;(() => {
  const found = []
  for (const element of document.querySelectorAll("body *")) {
    const name = element.localName
    if (["iframe", "object", "embed", "base", "meta", "style", "math", "form[action]", "foreignobject"].includes(name))
      found.push(name)
    if (name === "script" && !element.src.startsWith(`${location.origin}/assets/`)) found.push(`script ${element.src}`)
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith("on") || attribute === "srcdoc") found.push(`${name} ${attribute}=${value}`)
      const leads = ["href", "xlink:href", "src", "action", "formaction", "poster", "data"].includes(attribute)
      if (leads && !/^(https?:|mailto:|blob:|data:image\/|\/|#)/i.test(value.trim()))
        found.push(`${name} ${attribute}=${value}`)
      if (attribute === "style" && /url\(|expression|javascript/i.test(value)) found.push(`${name} style=${value}`)
    }
  }
  return found
})()
