// RDFS entailment as rules: the patterns of RDF 1.1 Semantics (W3C Recommendation of 25 February 2014), sections 8 and 9, with their
// numbers there, and the axiomatic triples. Over generalised RDF, as the Recommendation advises: a literal may be a subject.
// The infinitely many axioms of rdf:_1, rdf:_2, … are there for those that the graph names (appendix D.1).

import { prefixes } from './prefixes.js';

/** The rules of RDFS, over `triple(subject, predicate, object)`. */
export const rdfsRules = `${prefixes}
triple(S, P, O) :- axiom(S, P, O).
triple(P, rdf:type, rdf:Property) :- triple(_, P, _).                                                   % rdfD2
triple(L, rdf:type, D) :- literalType(L, D).                                                            % rdfD1
triple(D, rdf:type, rdfs:Datatype) :- recognised(D).                                                    % rdfs1
triple(X, rdf:type, C) :- triple(P, rdfs:domain, C), triple(X, P, _).                                   % rdfs2
triple(Y, rdf:type, C) :- triple(P, rdfs:range, C), triple(_, P, Y).                                    % rdfs3
triple(X, rdf:type, rdfs:Resource) :- triple(X, _, _).                                                  % rdfs4a
triple(Y, rdf:type, rdfs:Resource) :- triple(_, _, Y).                                                  % rdfs4b
triple(P, rdfs:subPropertyOf, R) :- triple(P, rdfs:subPropertyOf, Q), triple(Q, rdfs:subPropertyOf, R). % rdfs5
triple(P, rdfs:subPropertyOf, P) :- triple(P, rdf:type, rdf:Property).                                  % rdfs6
triple(X, Q, Y) :- triple(P, rdfs:subPropertyOf, Q), triple(X, P, Y).                                   % rdfs7
triple(C, rdfs:subClassOf, rdfs:Resource) :- triple(C, rdf:type, rdfs:Class).                           % rdfs8
triple(X, rdf:type, D) :- triple(C, rdfs:subClassOf, D), triple(X, rdf:type, C).                        % rdfs9
axiom(C, rdfs:subClassOf, C) :- triple(C, rdf:type, rdfs:Class).                                       % rdfs10
triple(C, rdfs:subClassOf, E) :- triple(C, rdfs:subClassOf, D), triple(D, rdfs:subClassOf, E).          % rdfs11
triple(P, rdfs:subPropertyOf, rdfs:member) :- triple(P, rdf:type, rdfs:ContainerMembershipProperty).    % rdfs12
triple(D, rdfs:subClassOf, rdfs:Literal) :- triple(D, rdf:type, rdfs:Datatype).                         % rdfs13

inconsistent("datatype clash", L, D) :- excluded(L, D), triple(L, rdf:type, D).
inconsistent("ill-typed literal", L, D) :- illTyped(L, D).

axiom(N, rdf:type, rdfs:ContainerMembershipProperty) :- membership(N).
axiom(N, rdf:type, rdf:Property) :- membership(N).
axiom(N, rdfs:domain, rdfs:Resource) :- membership(N).
axiom(N, rdfs:range, rdfs:Resource) :- membership(N).
axiom(rdf:type, rdfs:domain, rdfs:Resource).
axiom(rdfs:domain, rdfs:domain, rdf:Property).
axiom(rdfs:range, rdfs:domain, rdf:Property).
axiom(rdfs:subPropertyOf, rdfs:domain, rdf:Property).
axiom(rdfs:subClassOf, rdfs:domain, rdfs:Class).
axiom(rdf:subject, rdfs:domain, rdf:Statement).
axiom(rdf:predicate, rdfs:domain, rdf:Statement).
axiom(rdf:object, rdfs:domain, rdf:Statement).
axiom(rdfs:member, rdfs:domain, rdfs:Resource).
axiom(rdf:first, rdfs:domain, rdf:List).
axiom(rdf:rest, rdfs:domain, rdf:List).
axiom(rdfs:seeAlso, rdfs:domain, rdfs:Resource).
axiom(rdfs:isDefinedBy, rdfs:domain, rdfs:Resource).
axiom(rdfs:comment, rdfs:domain, rdfs:Resource).
axiom(rdfs:label, rdfs:domain, rdfs:Resource).
axiom(rdf:value, rdfs:domain, rdfs:Resource).
axiom(rdf:type, rdfs:range, rdfs:Class).
axiom(rdfs:domain, rdfs:range, rdfs:Class).
axiom(rdfs:range, rdfs:range, rdfs:Class).
axiom(rdfs:subPropertyOf, rdfs:range, rdf:Property).
axiom(rdfs:subClassOf, rdfs:range, rdfs:Class).
axiom(rdf:subject, rdfs:range, rdfs:Resource).
axiom(rdf:predicate, rdfs:range, rdfs:Resource).
axiom(rdf:object, rdfs:range, rdfs:Resource).
axiom(rdfs:member, rdfs:range, rdfs:Resource).
axiom(rdf:first, rdfs:range, rdfs:Resource).
axiom(rdf:rest, rdfs:range, rdf:List).
axiom(rdfs:seeAlso, rdfs:range, rdfs:Resource).
axiom(rdfs:isDefinedBy, rdfs:range, rdfs:Resource).
axiom(rdfs:comment, rdfs:range, rdfs:Literal).
axiom(rdfs:label, rdfs:range, rdfs:Literal).
axiom(rdf:value, rdfs:range, rdfs:Resource).
axiom(rdf:Alt, rdfs:subClassOf, rdfs:Container).
axiom(rdf:Bag, rdfs:subClassOf, rdfs:Container).
axiom(rdf:Seq, rdfs:subClassOf, rdfs:Container).
axiom(rdfs:ContainerMembershipProperty, rdfs:subClassOf, rdf:Property).
axiom(rdfs:isDefinedBy, rdfs:subPropertyOf, rdfs:seeAlso).
axiom(rdfs:Datatype, rdfs:subClassOf, rdfs:Class).
axiom(rdf:type, rdf:type, rdf:Property).
axiom(rdf:subject, rdf:type, rdf:Property).
axiom(rdf:predicate, rdf:type, rdf:Property).
axiom(rdf:object, rdf:type, rdf:Property).
axiom(rdf:first, rdf:type, rdf:Property).
axiom(rdf:rest, rdf:type, rdf:Property).
axiom(rdf:value, rdf:type, rdf:Property).
axiom(rdf:nil, rdf:type, rdf:List).
axiom(rdf:langString, rdf:type, rdfs:Datatype).
axiom(<http://www.w3.org/2001/XMLSchema#string>, rdf:type, rdfs:Datatype).
`;
