// The theme asks for the search's index when a page is opened; here the request waits until a reader goes to the search.
{
  const { open, send } = XMLHttpRequest.prototype
  const wanted = new Promise(resolve => {
    if (new URLSearchParams(location.search).has("q")) resolve()
    const search = "[data-md-component=search], [data-md-toggle=search], [for=__search]"
    for (const event of ["focusin", "change", "pointerdown"])
      addEventListener(event, ({ target }) => target.closest?.(search) && resolve(), true)
    addEventListener("keydown", ({ key }) => ["f", "s", "/"].includes(key) && resolve(), true)
  })
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.waits = String(url).endsWith("/search_index.json")
    open.call(this, method, url, ...rest)
  }
  XMLHttpRequest.prototype.send = function (...body) {
    this.waits ? wanted.then(() => send.apply(this, body)) : send.apply(this, body)
  }
}
