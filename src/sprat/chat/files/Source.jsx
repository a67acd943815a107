// Draws a source (sprat.chat.views.View). Everything of a document is text here, never markup.
import { useEffect, useRef } from 'react'

export default function Source() {
  const marked = useRef(null)
  useEffect(() => {
    marked.current?.scrollIntoView({ block: 'center' })
  }, [])
  const first = props.text.findIndex(([, quoted]) => quoted)
  const where = [props.heading, props.page ? `page ${props.page}` : '', `fit ${props.score.toFixed(2)}`]
  return (
    <div className="sprat-source" data-file={props.file}>
      <div className="sprat-where">
        <strong>{props.name}</strong>
        <span>{where.filter(Boolean).join(' · ')}</span>
        {props.url ? (
          <a href={`${props.url}#page=${props.page || 1}`} target="_blank" rel="noreferrer">
            Open the document
          </a>
        ) : null}
      </div>
      <div className="sprat-text">
        <span className="sprat-around">
          {props.begins ? '' : '… '}
          {props.before}
        </span>
        <span className="sprat-passage" ref={first < 0 ? marked : null}>
          {props.text.map(([text, quoted], at) =>
            quoted ? (
              <mark key={at} ref={at === first ? marked : null}>
                {text}
              </mark>
            ) : (
              <span key={at}>{text}</span>
            )
          )}
        </span>
        <span className="sprat-around">
          {props.after}
          {props.ends ? '' : ' …'}
        </span>
      </div>
    </div>
  )
}
